using System.Diagnostics.Metrics;

namespace Wharf.Server.Mail;

/// <summary>How mail fares.</summary>
internal sealed class MailMetrics : IDisposable
{
    private readonly Meter _meter = new("Wharf.Mail");
    private readonly Counter<long> _sent;
    private readonly Counter<long> _failures;
    private readonly Counter<long> _dropped;
    private long _queued;

    public MailMetrics()
    {
        _sent = _meter.CreateCounter<long>("wharf.mail.sent", description: "Mails that the mail server took.");
        _failures = _meter.CreateCounter<long>("wharf.mail.failures", description: "Tries that failed: the server was not reached (connection), or it put a mail off (deferred).");
        _dropped = _meter.CreateCounter<long>("wharf.mail.dropped", description: "Mails that were given up: refused by the mail server, too old, or more than the limits allow.");
        _meter.CreateObservableGauge("wharf.mail.queued", () => Volatile.Read(ref _queued), description: "Mails that wait, as this process saw it last.");
    }

    public void Queued(long count) => Volatile.Write(ref _queued, count);

    public void Sent(string kind) => _sent.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void Failed(string reason) => _failures.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Dropped(string reason, int count = 1) => _dropped.Add(count, new KeyValuePair<string, object?>("reason", reason));

    public void Dispose() => _meter.Dispose();
}
