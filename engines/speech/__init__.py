"""Speech: a text is spoken sentence by sentence, joined as a person would breathe, and listened to."""
