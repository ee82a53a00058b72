"""Running the blocks of a sweep in this process, threads, processes or on a cluster."""
