using System.Text.Json.Serialization;

namespace Wharf.Server.Security;

/// <summary>What the tables hold as JSON.</summary>
[JsonSerializable(typeof(IReadOnlyList<FeedFile>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(FindingDetail))]
[JsonSerializable(typeof(SeverityCounts))]
internal sealed partial class SecurityJson : JsonSerializerContext;
