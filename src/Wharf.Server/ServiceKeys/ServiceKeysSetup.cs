namespace Wharf.Server.ServiceKeys;

internal static class ServiceKeysSetup
{
    public static void AddServiceKeys(this WebApplicationBuilder builder) => builder.Services.AddSingleton<ServiceKeyStore>();
}
