"""Operations on the quality of documents: the worst ones, and those that did badly."""
