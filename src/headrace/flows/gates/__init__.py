"""Operations on the gates of a workspace."""
