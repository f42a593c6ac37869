"""Lines of NumPy read as a computation: never run as code, only looked at."""
