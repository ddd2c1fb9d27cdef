namespace Wharf.Server.Manifests;

internal static class ManifestsSetup
{
    public static void AddManifests(this WebApplicationBuilder builder) => builder.Services.AddSingleton<ManifestStore>();
}
