"""Where records and events are kept."""
