"""One pass through a guide: plan, engine, events, state, journal. Knows no screen."""
