"""Operations on the index: generations beside each other, and which of them serves."""
