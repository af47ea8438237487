const BEEPS_S = [0, 0.3, 0.6];
const BEEP_S = 0.2;
const PITCH_HZ = 880;
const LOUDNESS = 0.3;

/** Three short tones; a browser plays none before somebody has clicked or typed in the tab. */
export async function playSound(): Promise<void> {
  const context = new AudioContext();
  await context.resume();
  const start = context.currentTime + 0.05;
  const gain = context.createGain();
  gain.gain.value = LOUDNESS;
  gain.connect(context.destination);
  const tones = BEEPS_S.map((offset) => {
    const tone = context.createOscillator();
    tone.frequency.value = PITCH_HZ;
    tone.connect(gain);
    tone.start(start + offset);
    tone.stop(start + offset + BEEP_S);
    return tone;
  });
  await new Promise((ended) => tones.at(-1)?.addEventListener("ended", ended));
  await context.close();
}

/** Shows a notification of the browser, in place of the one before; nothing where it is not permitted. */
export function showNotification(title: string, body: string, onClick: () => void): void {
  if (notificationPermission() !== "granted") return;
  const notification = new Notification(title, { body, tag: "satellite-telemetry.alarm", silent: true });
  notification.onclick = () => {
    window.focus();
    onClick();
    notification.close();
  };
}

/** Whether the browser shows notifications; null: it has none. */
export const notificationPermission = (): NotificationPermission | null =>
  "Notification" in window ? Notification.permission : null;

/** Whether the browser would play a sound in this tab now. */
export const canPlaySound = (): boolean => navigator.userActivation.hasBeenActive;
