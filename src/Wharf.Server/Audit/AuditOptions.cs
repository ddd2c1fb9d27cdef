using System.ComponentModel.DataAnnotations;
using System.Net;
using Wharf.Server.Audit.Sinks;

namespace Wharf.Server.Audit;

/// <summary>The settings section <c>Audit</c>.</summary>
internal sealed class AuditOptions : IValidatableObject
{
    /// <summary>Whether pulls, reads and failures are recorded. Changes always are.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Whether a pull is answered only when its entry is durable (as Quay without ALLOW_PULLS_WITHOUT_STRICT_LOGGING). Otherwise it may
    /// be lost with what a crash takes: at most the last <see cref="FlushMs"/>, and a database that stays away longer than the queue is long.
    /// </summary>
    public bool Strict { get; set; }

    /// <summary>Whether reads of /api/v1 by signed-in callers are recorded (kind api_read; left out of the logs unless asked for).</summary>
    public bool Reads { get; set; } = true;

    /// <summary>Whether each blob of a pull is recorded too (kind pull_blob).</summary>
    public bool Blobs { get; set; }

    /// <summary>How long entries gather before they are written together, in milliseconds.</summary>
    [Range(1, 1000)] public int FlushMs { get; set; } = 50;

    /// <summary>How many entries may wait for a database that does not answer. In the relaxed mode those beyond it are counted as lost, in an entry of its own.</summary>
    [Range(1000, 10_000_000)] public int Queue { get; set; } = 65_536;

    /// <summary>After how many days entries go to compressed files of the blob storage; the lists of the API end there. 0 keeps them for ever.</summary>
    [Range(0, 3650)] public int RotateDays { get; set; } = 30;

    /// <summary>Networks that callbacks of exported logs may reach beside the public Internet, such as 10.1.0.0/16.</summary>
    public List<string> CallbackNetworks { get; set; } = [];

    /// <summary>Where the trail is sent too.</summary>
    public List<SinkOptions> Sinks { get; set; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var network in CallbackNetworks.Where(static n => !IPNetwork.TryParse(n, out _)))
            yield return new ValidationResult($"has networks such as 10.1.0.0/16, not '{network}'", [nameof(CallbackNetworks)]);
        if (Sinks.Select(static s => s.Name).Distinct().Count() < Sinks.Count)
            yield return new ValidationResult("needs a name of its own for each", [nameof(Sinks)]);
    }
}
