"""What the scripts meet in a pod, made real on loopback: volume, secrets, Git servers."""
