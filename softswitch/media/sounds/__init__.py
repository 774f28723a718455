"""What is played to listeners: files and tones."""
