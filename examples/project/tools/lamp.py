def blink(times):
    print('blinks', times, 'times')
