# Sets the board's clock: year, month, day, weekday from 0 for Monday, hour, minute, second.
def snippet(year, month, day, weekday, hour, minute, second):
    __import__("machine").RTC().datetime((year, month, day, weekday, hour, minute, second, 0))
