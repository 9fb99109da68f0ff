# Prints the partitions of an ESP32's flash: number of the kind, type, sub-type, address, size, label, encrypted.
def snippet():
    from esp32 import Partition

    for kind in (Partition.TYPE_APP, Partition.TYPE_DATA):
        for part in Partition.find(kind):
            print(tuple(part.info()))
