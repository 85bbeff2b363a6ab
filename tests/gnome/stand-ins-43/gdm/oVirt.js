// Asked for nothing in what is run.
