"""One turn of the loop: documents, cases, evaluation, release."""
