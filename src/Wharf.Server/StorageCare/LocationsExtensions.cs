using Wharf.Server.Content;
using Wharf.Server.Hosting.Admin;

namespace Wharf.Server.StorageCare;

internal static class LocationsExtensions
{
    /// <summary>What a command answers that was given a name which no location has.</summary>
    public static AdminResult Unknown(this Locations locations, string name) =>
        new(false, $"There is no location '{name}'. The settings name {string.Join(", ", locations.All.Select(static l => l.Name))}.");
}
