"""Files as a source: their rows and objects are documents, which go the way of MongoDB's documents."""
