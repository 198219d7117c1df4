// What a browser makes of the page, measured inside it: contrast of text, and how far things jumped.

(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  let jumped = 0;
  new PerformanceObserver((seen) => {
    for (const entry of seen.getEntries()) if (!entry.hadRecentInput) jumped += entry.value;
  }).observe({ type: "layout-shift", buffered: true });

  /** [red, green, blue] of CSS colours that lie on one another, the lowest first. */
  const blended = (colours) => {
    canvas.fillStyle = "white";
    canvas.fillRect(0, 0, 1, 1);
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };

  const luminance = (rgb) => {
    const [red, green, blue] = rgb.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };

  const ratio = (element) => {
    const grounds = [];
    for (let at = element; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
    const [ground, ink] = [luminance(blended(grounds)), luminance(blended([...grounds, getComputedStyle(element).color]))];
    return (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
  };

  window.looking = {
    jumped: () => jumped,
    /** Texts whose contrast is below what WCAG AA asks of text of any size. */
    faint: () => [...document.body.querySelectorAll("*")]
      .filter((one) => one.checkVisibility() && !one.matches(":disabled, option, .visually-hidden"))
      .filter((one) => one.matches("input, textarea, select") || [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
      .filter((one) => ratio(one) < 4.5)
      .map((one) => `${one.tagName}.${one.className} ${ratio(one).toFixed(2)}: ${one.textContent.slice(0, 40)}`),
  };
})();
