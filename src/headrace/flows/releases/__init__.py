"""Operations on releases: made, checked, promoted, rolled back, compared with what runs."""
