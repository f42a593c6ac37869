"""Around the API: pages, languages, and what keeps other sites and hosts out. Holds no state."""
