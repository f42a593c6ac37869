"""Where training is done: in processes of its own, so that it takes nothing from who answers.

`worker` is such a process; `process` and `staff` are how the server has some. What goes between is
in `frames`; an `Order` says what to train, a `Snapshot` what has come of it.
"""
