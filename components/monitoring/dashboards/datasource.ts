/** Grafana's uid of the Prometheus data source: one constant for who makes it and for every panel that asks it. */
export const prometheusDatasourceUid = "prometheus";
