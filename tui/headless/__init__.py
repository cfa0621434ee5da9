"""The front end without a screen: the same engine, its events printed, its questions asked on the terminal or answered with no."""
