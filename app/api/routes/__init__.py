"""The routes of REST v1, one module for each noun."""
