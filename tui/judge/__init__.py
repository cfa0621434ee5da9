"""What was seen and what it means. Pure: nothing here runs a command, opens a file or a socket."""
