"""Speech: speak a text sentence by sentence, join the sentences with natural pauses, and check the result."""
