"""`python -m tui` is `zhinan`."""

from tui.cli import main

main()
