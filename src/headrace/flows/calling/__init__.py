"""Operations on calls: one, a file of them, and what to do with those that never became valid."""
