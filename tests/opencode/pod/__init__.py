"""The rendered pod as real processes: its containers, its network, its clients."""
