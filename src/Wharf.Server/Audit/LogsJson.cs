using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Audit;

/// <param name="NextPage">Left out on the last page.</param>
internal sealed record LogList(string StartTime, string EndTime, IReadOnlyList<LogView> Logs, string? NextPage);

/// <param name="Datetime">To the second, as Quay.</param>
/// <param name="At">To the millisecond.</param>
/// <param name="Outcome">success, or the status that was answered.</param>
/// <param name="Performer">Left out when nobody is known.</param>
/// <param name="Erased">Whether who did it was erased from the trail.</param>
/// <param name="Namespace">In the registry's logs.</param>
/// <param name="Tried">The name of a sign-in that failed.</param>
internal sealed record LogView(string Id, string Kind, JsonObject Metadata, string? Ip, string Datetime, string At, string Outcome, PerformerView? Performer, bool? Erased, NamespaceView? Namespace, string? Tried);

internal sealed record PerformerView(string Kind, string Name, bool IsRobot, Avatar Avatar);

internal sealed record NamespaceView(string Kind, string Name, Avatar Avatar);

internal sealed record AggregatedLogs(IReadOnlyList<AggregatedLog> Aggregated);

internal sealed record AggregatedLog(string Kind, long Count, string Datetime);

/// <summary>Where to tell that the file is there; one of the two.</summary>
internal sealed record ExportRequest(string? CallbackUrl, string? CallbackEmail);

internal sealed record QueuedExport(string ExportId);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LogList))]
[JsonSerializable(typeof(AggregatedLogs))]
[JsonSerializable(typeof(ExportRequest))]
[JsonSerializable(typeof(QueuedExport))]
internal sealed partial class LogsJson : JsonSerializerContext;
