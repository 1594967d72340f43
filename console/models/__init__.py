"""What Django keeps: users' clusters, memberships, audit. Never cluster truth."""
