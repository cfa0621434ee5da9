"""`python -m tui` is `zhinan`."""

from tui.cli import main

if __name__ == "__main__":
    main()
