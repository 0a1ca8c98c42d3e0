"""All decoding and encoding: pictures, sound, clips, subtitles, and what comes in from outside."""
