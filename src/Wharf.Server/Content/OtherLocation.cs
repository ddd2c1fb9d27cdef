using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>A further place that keeps copies of blobs; registered as a singleton.</summary>
/// <param name="Name">As the placements name it.</param>
internal sealed record OtherLocation(string Name, IBlobDriver Driver);
