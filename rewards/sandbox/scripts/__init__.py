"""Programs that read standard input and print: run as a command runs, judged by what they print.

A child gets its input, its output and nothing else; what is expected stays with the process of the
tests, which compares. `job` says what is asked, `dialogue` feeds and listens, `compare` decides.
"""
