"""Parts of the site builder: the tree of source pages, the reference, maths, notebooks, and a search for outside requests."""
