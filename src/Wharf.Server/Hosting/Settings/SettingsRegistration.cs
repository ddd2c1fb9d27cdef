namespace Wharf.Server.Hosting.Settings;

/// <summary>How slices take their settings.</summary>
internal static class SettingsRegistration
{
    extension(WebApplicationBuilder builder)
    {
        /// <summary>
        /// Takes the section <paramref name="name"/> as <typeparamref name="T"/> (a class with defaults and DataAnnotations) and registers it as a singleton.
        /// Wrong values are reported together, before anything starts; until then the instance has defaults in their place.
        /// </summary>
        public T AddSection<T>(string name)
            where T : class, new()
        {
            var section = builder.Settings.Section<T>(name);
            builder.Services.AddSingleton(section);
            return section;
        }

        /// <summary>Takes a setting that stands by itself at the top of the file; null when it is not given.</summary>
        public string? AddSetting(string name) => builder.Settings.Scalar(name);

        internal ServerSettings Settings => (ServerSettings)((IHostApplicationBuilder)builder).Properties[typeof(ServerSettings)];
    }
}
