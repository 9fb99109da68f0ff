"""A light sensor for the virtual board: a photoresistor to 3.3 V, and 10 kΩ to ground."""

from metakernel_micropython.virtual.parts.part import Option, Part, Slider


class LightSensor(Part):
    """Gives an ADC more volts the brighter it is."""

    kind = "lightsensor"
    summary = "a photoresistor with 10 kΩ to ground, for a pin with an ADC"
    terminals = ("output",)
    options = {"gamma": Option(0.7, "how much its resistance falls with the light")}
    settings = {"light": Slider(0, 10_000, 300, 10, "lx")}

    def attach(self):
        """Give the pin its voltage; what `keep` is given ends with the part."""
        self.keep(self.circuit.voltage(self.pins["output"], self.volts))

    def volts(self):
        """Return the voltage between the two resistors: the photoresistor has 10 kΩ at 10 lx."""
        resistance = 10_000 * (10 / max(self.values["light"], 0.1)) ** self.chosen["gamma"]
        return 3.3 * 10_000 / (10_000 + resistance)

    def state(self):
        """Return what %expect can ask for."""
        return {**self.values, "volts": round(self.volts(), 3)}

    def picture(self):
        """Return what the panel draws."""
        return [{"shape": "text", "text": f"{self.values['light']:g} lx, {self.volts():.2f} V"}]
