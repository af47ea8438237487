import { env } from "@/config/env";

/** Other screens of the platform, by what they are for. */
export const tools = {
  kafkaUi: env.VITE_KAFKA_UI_URL || `http://${window.location.hostname}:8080/`,
  rabbitmq: env.VITE_RABBITMQ_URL || `http://${window.location.hostname}:15672/`,
  flower: env.VITE_FLOWER_URL || `http://${window.location.hostname}:5555/`,
  vmui: "/victoriametrics/vmui/",
  api: "/docs",
  dashboard: "/dashboard.html",
};
