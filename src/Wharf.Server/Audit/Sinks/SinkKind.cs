namespace Wharf.Server.Audit.Sinks;

internal enum SinkKind
{
    /// <summary>Syslog over TLS (RFC 5425), messages of RFC 5424.</summary>
    Syslog,

    /// <summary>Splunk's HTTP Event Collector.</summary>
    Splunk,

    /// <summary>Elasticsearch's or OpenSearch's bulk API.</summary>
    Elasticsearch,
}
