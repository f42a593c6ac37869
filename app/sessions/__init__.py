"""What a learner owns: state with a version, edits, a cursor, runs, and where all of it is kept."""
