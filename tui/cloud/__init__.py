"""Other companies' control APIs behind small adapters: what they know, asked with the reader's own token, imported where it is used."""
