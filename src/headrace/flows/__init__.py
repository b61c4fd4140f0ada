"""Operations that cross wings."""
