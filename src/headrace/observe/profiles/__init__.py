"""Profiles: typed, versioned facts about users, with a trail of every change."""
