"""Training jobs that outlive whoever started them.

`desk.Jobs` is what pages and commands call. Below it: `store` keeps what was asked for (SQLite), `folder` the files
that each attempt leaves behind, `dispatcher` moves the queue, `runner` supervises one trainer, `launchers` say where
a runner runs. Nothing here imports TensorFlow, and this file imports nothing, so that a runner starts in a few
hundredths of a second.
"""
